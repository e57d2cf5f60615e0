import PluginKit
import Testing

@Suite struct WebURLTests {
  @Test(arguments: [
    ("http://a", "http://a/"), ("HTTPS://A.B:443/c?d#e", "https://a.b/c?d"), ("http://a:8080?x", "http://a:8080/?x"),
    ("http://a/b/../c/./d", "http://a/c/d"), ("http://a/../..", "http://a/"), ("http://a/b/.", "http://a/b/"),
    ("http://[::1]:80/", "http://[::1]/"), ("http://a//b", "http://a//b"), ("http://a/?../x", "http://a/?../x"),
    ("https://a:80/", "https://a:80/"),
  ])
  func `a URL has one spelling`(text: String, spelling: String) throws {
    #expect(try #require(WebURL(text)).description == spelling)
  }

  @Test(arguments: [
    "", "a", "//a/", "ftp://a/", "file:///etc/passwd", "http:/a", "http://", "http:///a", "http://u@a/",
    "http://u:p@a/", "http://a:0/", "http://a:65536/", "http://a:x/", "http://a:/", "http://a b/", "http://a/\n",
    "http://é/", "http://[fe80::1%25eth0]/", "http://[1]/", "http://a\\@b/", "javascript:x", "http://a:+1/",
  ])
  func `what is none is refused`(text: String) {
    #expect(WebURL(text) == nil)
  }

  // The examples of RFC 3986, section 5.4, as far as they stay on the web.
  @Test(
    arguments: [
      ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
      ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"), ("#s", "http://a/b/c/d;p?q"),
      ("g#s", "http://a/b/c/g"), (";x", "http://a/b/c/;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
      ("..", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../../../g", "http://a/g"),
      ("/./g", "http://a/g"), ("g.", "http://a/b/c/g."), ("..g", "http://a/b/c/..g"), ("./../g", "http://a/b/g"),
      ("g;x=1/../y", "http://a/b/c/y"), ("g?y/../x", "http://a/b/c/g?y/../x"), ("https://b/", "https://b/"),
      ("é x", "http://a/b/c/%C3%A9%20x"), ("http:g", nil), ("mailto:x", nil), ("//u@b/", nil),
      ("https://b:99999/", nil),
    ] as [(String, String?)]
  )
  func `a reference is resolved against where it stands`(reference: String, expected: String?) throws {
    let base = try #require(WebURL("http://a/b/c/d;p?q"))
    #expect(base.resolving(reference)?.description == expected)
  }
}
