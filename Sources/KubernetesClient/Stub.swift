import AsyncHTTPClient
import Logging
import Yams
enum Stub {}
