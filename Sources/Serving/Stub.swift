import NIOHTTP1
import NIOSSL
import X509
enum Stub {}
