import ServiceLifecycle
enum Stub {}
