// SPDX-License-Identifier: MIT
import Greeting
import Testing

@Test(arguments: [("World", "Hello, World!"), ("", "Hello!")])
func `a name is greeted`(_ name: String, _ text: String) {
  #expect(greeting(for: name) == text)
}
