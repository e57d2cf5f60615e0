import Testing

@testable import Discord

struct SnowflakeTests {
  @Test func `an id tells when what it names was made`() throws {
    // The example of Discord's own reference.
    let id = try #require(Snowflake("175928847299117063"))
    #expect(id.millisecondsSince1970 == 1_462_015_105_796)
    #expect(Snowflake(millisecondsSince1970: id.millisecondsSince1970) < id)
  }

  @Test(arguments: ["", " 1", "+1", "-1", "1a", "18446744073709551616", "０"])
  func `what is no decimal number of 64 bits is no id`(text: String) {
    #expect(Snowflake(text) == nil)
  }
}
