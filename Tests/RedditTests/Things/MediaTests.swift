import PluginKit
import TestSupport
import Testing

@testable import Reddit

struct MediaTests {
  private static let gallery: JSONObject = [
    "gallery_data": ["items": [["media_id": "m1"], ["media_id": "m2"], ["media_id": "failed"], ["media_id": 7], [:]]],
    "media_metadata": [
      "m1": ["m": "image/png", "s": ["u": "https://i.example/1.png"]], "failed": ["status": "failed"],
      "m2": ["m": "image/gif", "s": ["gif": "https://i.example/2.gif", "mp4": "https://i.example/2.mp4"]],
    ],
  ]
  private static let film: JSONObject = [
    "is_self": false, "url": "https://v.redd.it/abc",
    "secure_media": ["reddit_video": ["fallback_url": "https://v.redd.it/abc/DASH_720.mp4"]],
  ]
  private static let picture: JSONObject = ["is_self": false, "url": "https://i.redd.it/abc.jpeg?width=7"]

  static let all: [(fields: JSONObject, media: [String])] = [
    (gallery, ["m1 https://i.example/1.png image/png", "m2 https://i.example/2.gif image/gif"]),
    (film, ["1 https://v.redd.it/abc/DASH_720.mp4 video/mp4"]),
    (picture, ["1 https://i.redd.it/abc.jpeg?width=7 image/jpeg"]),
    (["is_self": false, "post_hint": "image", "url": "https://a.example/x"], ["1 https://a.example/x "]),
    (["is_self": true, "url": "https://a.example/x.png"], []), (["is_self": false, "url": "https://a.example/x"], []),
    (["is_self": false, "url": ""], []), (["is_self": false, "url": "?/"], []), (["is_self": false, "url": nil], []),
    // A poll is text, and an embedded film of somebody else's is a link.
    (["poll_data": ["options": [["text": "a"]]]], []),
    (["is_self": false, "url": "https://tube.example/7", "media": ["oembed": ["html": "<iframe>"]]], []),
    (["gallery_data": nil, "media_metadata": nil, "is_self": false, "url": "https://www.reddit.com/gallery/x"], []),
  ]

  @Test(arguments: all.indices)
  func `the media of a submission are what it shows`(index: Int) throws {
    let thing = try Thing(Made.submission(1, Self.all[index].fields))
    #expect(thing.media.map { "\($0.id) \($0.url) \($0.contentType ?? "")" } == Self.all[index].media)
  }

  @Test func `a crosspost shows what it repeats, and no more than that`() throws {
    for original in [Self.gallery, Self.film, Self.picture] {
      let parent = Made.submission(9, original)["data"] ?? .null
      let thing = try Thing(
        Made.submission(
          1,
          ["is_self": false, "crosspost_parent": "t3_9", "crosspost_parent_list": [parent], "url": "/r/x/9"]
        )
      )
      #expect(!thing.media.isEmpty)
      #expect(thing.text == "Title 1")
    }
    for list: JSON in [[], nil, 7, [7], [["crosspost_parent_list": [["url": "https://a.example/x.png"]]]]] {
      #expect(try Thing(Made.submission(1, ["crosspost_parent_list": list])).media.isEmpty)
    }
  }
}
