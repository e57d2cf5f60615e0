internal import PluginKit

/// A picture or film that belongs to a submission.
struct Media: Hashable {
  /// Reddit's id of it, or that of the submission if it has none.
  let id: String
  let url: String
  let contentType: String?

  /// Bytes of the addresses that are told of one submission; Reddit's galleries have twenty pictures at most.
  private static let addressesMax = 16 << 10

  /// The media of a submission, as many as an envelope has room for.
  static func of(_ data: JSONObject) -> [Media] {
    var size = 0
    return all(data).filter { media in
      size += media.url.utf8.count
      return size <= addressesMax
    }
  }

  /// The media of a submission: its gallery, its film, or the picture that it links to; of a crosspost, those of what it
  /// repeats.
  private static func all(_ data: JSONObject) -> [Media] {
    if let gallery = gallery(data) { return gallery }
    if let film = film(data) { return [film] }
    if let picture = picture(data) { return [picture] }
    let origin = data["crosspost_parent_list"]?.arrayValue?.first?.objectValue
    // What is repeated does not itself repeat anything.
    return origin.map { all(JSONObject($0.filter { $0.key != "crosspost_parent_list" }.map { ($0.key, $0.value) })) }
      ?? []
  }

  private static func gallery(_ data: JSONObject) -> [Media]? {
    guard let items = data["gallery_data"]?["items"]?.arrayValue, let metadata = data["media_metadata"]?.objectValue
    else { return nil }
    return items.compactMap { item in
      guard let id = item["media_id"]?.stringValue, let found = metadata[id], let source = found["s"],
        let url = (source["u"] ?? source["gif"] ?? source["mp4"])?.stringValue
      else { return nil }
      return Media(id: id, url: url, contentType: found["m"]?.stringValue)
    }
  }

  private static func film(_ data: JSONObject) -> Media? {
    let found = data["secure_media"]?["reddit_video"] ?? data["media"]?["reddit_video"]
    guard let url = found?["fallback_url"]?.stringValue else { return nil }
    return Media(id: data["id"]?.stringValue ?? "", url: url, contentType: "video/mp4")
  }

  private static let types = [
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "mp4": "video/mp4",
  ]

  private static func picture(_ data: JSONObject) -> Media? {
    guard data["is_self"]?.boolValue != true,
      let url = data["url_overridden_by_dest"]?.stringValue ?? data["url"]?.stringValue
    else { return nil }
    guard !url.isEmpty else { return nil }
    let parts = url.prefix { $0 != "?" }.split(separator: "/").last?.split(separator: ".") ?? []
    let type = parts.count > 1 ? types[parts[parts.count - 1].lowercased()] : nil
    guard data["post_hint"] == "image" || type != nil else { return nil }
    return Media(id: data["id"]?.stringValue ?? "", url: url, contentType: type)
  }
}
