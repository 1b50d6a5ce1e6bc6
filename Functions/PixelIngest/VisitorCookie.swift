// SPDX-License-Identifier: MIT
import Bytes
import HTTPServer
import Settings

/// The first-party cookie that `ID_COOKIE` asks for: a random id, which fills the column `visitor_id`.
///
/// It is set once and not renewed, and neither read nor set under a privacy signal.
struct VisitorCookie: Sendable {
  /// 128 bits in hex.
  static let idDigits = 32
  private let name: [UInt8]
  private let field: String
  private let attributes: String

  /// Nil if there is to be none.
  init?(_ reader: inout SettingsReader) {
    let name = reader.optionalText(
      "ID_COOKIE",
      "name of a first-party cookie with a random id (Secure, HttpOnly, SameSite=Lax) for the column "
        + "visitor_id; none without. Needs INGEST_MODE=publish")
    let lifetime = reader.duration(
      "ID_COOKIE_LIFETIME", default: "8760h", in: .seconds(60)...(.seconds(9600 * 3600)),
      "how long the cookie stays; browsers keep none for more than 400 days")
    guard let name else { return nil }
    let isToken = name.utf8.allSatisfy { byte in
      byte > 0x20 && byte < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains(byte)
    }
    if !isToken {
      reader.fail(
        SettingsError("ID_COOKIE is '\(name)': allowed are letters, digits and -_.!#$%&'*+^`|~"))
    }
    self.name = Array(name.utf8)
    field = name
    attributes =
      "; Max-Age=\(lifetime.components.seconds); Path=/; Secure; HttpOnly; SameSite=Lax"
  }

  /// Whom a request is from: by the id that the browser sent, or by a new one with the cookie that sets it. Not to
  /// be asked under a privacy signal.
  func visitor(of request: Request, newIDs ids: inout InsertIDs) -> Visitor {
    var id = ByteWriter(capacity: Self.idDigits)
    if append(idOf: request, to: &id) { return Visitor(id: id.bytes, newCookie: nil) }
    ids.appendNext(to: &id)
    return Visitor(id: id.bytes, newCookie: header(id.bytes.span))
  }

  /// Appends the id that the browser sent; false if it sent none that we have made.
  private func append(idOf request: Request, to id: inout ByteWriter) -> Bool {
    var found = false
    request.forEachHeader("cookie") { value in
      var at = 0
      while at < value.count, !found {
        let end = value.firstIndex(of: UInt8(ascii: ";"), in: at..<value.count)
        while at < end, value[at] == 0x20 { at &+= 1 }
        found = append(idIn: value.extracting(at..<end), to: &id)
        at = end &+ 1
      }
    }
    return found
  }

  private func append(idIn pair: Span<UInt8>, to id: inout ByteWriter) -> Bool {
    guard pair.count == name.count + 1 + Self.idDigits,
      pair.equals(name.span, at: 0..<name.count), pair[name.count] == UInt8(ascii: "=")
    else { return false }
    let value = (name.count + 1)..<pair.count
    for index in value {
      guard pair[index].hexDigit != nil, !(0x41...0x46 ~= pair[index]) else { return false }
    }
    id.append(pair, value)
    return true
  }

  /// `Set-Cookie` for a new id.
  private func header(_ id: Span<UInt8>) -> (String, String) {
    ("Set-Cookie", "\(field)=\(id.string)\(attributes)")
  }
}

/// Whom a request is from, by the cookie.
struct Visitor {
  let id: [UInt8]
  /// Set for a new one.
  let newCookie: (String, String)?
}
