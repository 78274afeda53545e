internal import Crypto
internal import Foundation
internal import Mustache

/// What every page has around its sections: head, style, policy and script.
///
/// The content security policy names the hashes of the one style and the one script, so a browser
/// runs nothing else and fetches nothing at all (CSP level 3, section 2.3.1, hash sources).
enum PageFrame {
  /// Registers the frame's templates and a page's own.
  ///
  /// Throws where one is broken, which a test rules out.
  static func library(_ templates: [String: String]) throws -> MustacheLibrary {
    var library = MustacheLibrary()
    try library.register(PageTemplate.head, named: "head")
    try library.register(PageTemplate.foot, named: "foot")
    for (name, template) in templates.sorted(by: { $0.key < $1.key }) {
      try library.register(template, named: name)
    }
    return library
  }

  /// The frame's part of a page's model.
  static func model(title: String, version: String) -> [String: Any] {
    [
      "title": title, "version": version, "style": PageStyle.css, "script": PageScript.text,
      "policy": policy,
    ]
  }

  private static let policy =
    "default-src 'none'; style-src '\(hash(PageStyle.css))'; "
    + "script-src '\(hash(PageScript.text))'; base-uri 'none'; form-action 'none'"

  private static func hash(_ text: String) -> String {
    "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
  }
}
