/// The version of the host, its runner and its command line, which are released together.
package let hostVersion = "0.1.0"
