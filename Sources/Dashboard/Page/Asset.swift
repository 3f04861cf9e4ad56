/// A file of the page; all of them are part of the program.
package enum Asset: String, Sendable, Hashable, CaseIterable {
  case page = "/"
  case style = "/style.css"
  case script = "/script.js"
  case stream = "/stream.js"
  case lists = "/lists.js"
  case road = "/road.js"
  case elements = "/elements.js"
  case icon = "/icon.svg"

  init?(path: String) {
    self.init(rawValue: path)
  }

  package var contentType: String {
    switch self {
    case .page: "text/html; charset=utf-8"
    case .style: "text/css; charset=utf-8"
    case .script, .stream, .lists, .road, .elements: "text/javascript; charset=utf-8"
    case .icon: "image/svg+xml"
    }
  }

  package var bytes: [UInt8] {
    switch self {
    case .page: PackageResources.page_html
    case .style: PackageResources.style_css
    case .script: PackageResources.script_js
    case .stream: PackageResources.stream_js
    case .lists: PackageResources.lists_js
    case .road: PackageResources.road_js
    case .elements: PackageResources.elements_js
    case .icon: PackageResources.icon_svg
    }
  }

  /// The headers of every answer: nothing but what comes from here may be loaded, framed, remembered or passed on.
  package static let headers: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
    ("Cache-Control", "no-store"),
  ]
}
