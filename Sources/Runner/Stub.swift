import DequeModule
enum Stub {}
