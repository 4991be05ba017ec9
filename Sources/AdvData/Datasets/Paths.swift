import Foundation

/// The path after the colon of a data set's name, without trailing slashes.
func requiredPath(_ argument: String?, form: String) throws(DataError) -> String {
  guard var path = argument, !path.isEmpty else {
    throw .badSpecifier(String(form.prefix { $0 != ":" }), expected: form)
  }
  while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
  return path
}

/// Whether there is a file or a folder at this path.
func fileExists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
