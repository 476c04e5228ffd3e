import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRequest } from "../../../src/capture/request-context.ts";

const read = (forwarded: string): unknown =>
  readRequest(new Headers({ "x-forwarded-for": forwarded }), "POST", "/path").clientAddress;

describe("the client's address", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["10.0.0.1, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9:50123", "203.0.113.9"],
    ["2001:DB8::1", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
  ])("of %s is %s", (forwarded, address) => expect(read(forwarded)).toBe(address));

  it.each([
    "unknown",
    "_hidden",
    "999.1.1.1",
    "1.2.3",
    "javascript:alert(1)",
    ":::",
    "1::2::3",
    "",
  ])("is left out for %j", (forwarded) => expect(read(forwarded)).toBeUndefined());

  it("is an address, or nothing, whatever the header holds", () => {
    const header = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef:.,[]% x")) });
    fc.assert(
      fc.property(header, (forwarded) => {
        const address = read(forwarded);
        if (address === undefined) return;
        expect(address).toMatch(/^[0-9a-f:.]{2,45}$/);
      }),
    );
  });

  it("is marked as claimed, not proven", () => {
    const request = readRequest(new Headers({ "x-forwarded-for": "::1" }), "GET", undefined);
    expect(request).toEqual({
      method: "GET",
      clientAddress: "::1",
      clientAddressVerified: false,
    });
  });
});
