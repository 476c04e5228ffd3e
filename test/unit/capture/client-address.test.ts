import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findClientAddress } from "../../../src/capture/client-address.ts";
import { readCallRequest } from "../../../src/capture/request-of-call.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import type { ClientAddressRule } from "../../../src/slot.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

const forwarded = (value: string) => (name: string) =>
  name === "x-forwarded-for" ? value : undefined;

const configure = (clientAddress: ClientAddressRule): void =>
  installCaptureSettings(resolveConfig({ clientAddress }, {}));

describe("without a rule, the client's address", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["10.0.0.1, 203.0.113.9", "203.0.113.9"],
    ["203.0.113.9:50123", "203.0.113.9"],
    ["2001:DB8::1", "2001:db8::1"],
    ["2001:0db8:0:0:0:0:0:1", "2001:db8::1"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1"],
    ["[fe80::1%25eth0]:443", "fe80::1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:8080", "192.0.2.1"],
  ])("of %s is %s, not verified", (value, address) =>
    expect(findClientAddress(forwarded(value))).toEqual({ address, verified: false }),
  );

  it.each([
    "unknown",
    "_hidden",
    "999.1.1.1",
    "01.2.3.4",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4:",
    "javascript:alert(1)",
    ":::",
    "1::2::3",
    "[1.2.3.4]",
    "1.2.3.4, ",
    "",
    ",",
  ])("is left out for %j", (value) => expect(findClientAddress(forwarded(value))).toBeUndefined());
});

describe("beside junk in the header", () => {
  it.each([
    ["a word", "unknown"],
    ["nothing", ""],
    ["a comma", ","],
    ["an address of the client's, and a comma", "1.2.3.4, "],
    ["a hundred thousand digits", "1".repeat(100_000)],
  ])("such as %s, the connection's other end is the last hop, not verified", (_, value) => {
    const address = "203.0.113.9";
    expect(findClientAddress(forwarded(value), `::ffff:${address}`)).toEqual({
      address,
      verified: false,
    });
    configure({ trustedProxies: 1 });
    expect(findClientAddress(forwarded(value), address)).toEqual({ address, verified: false });
  });

  it("a connection of another kind than the network's has no address", () => {
    expect(findClientAddress(forwarded("unknown"), "/run/app.sock")).toBeUndefined();
  });

  it.each<[string | string[], string]>([
    ["junk", "198.51.100.7"],
    [["junk", "203.0.113.9"], "203.0.113.9"],
    [["203.0.113.9", "junk"], "198.51.100.7"],
  ])("a request of the pages router with %j comes from %s", (value, address) => {
    class Incoming {
      url = "/refund";
      headers = { "x-forwarded-for": value };
      socket = { remoteAddress: "198.51.100.7" };
    }
    expect(readCallRequest(new Incoming())).toMatchObject({
      clientAddress: address,
      clientAddressVerified: false,
    });
  });
});

describe("behind trusted proxies", () => {
  it.each([
    [1, "203.0.113.9", "203.0.113.9"],
    [1, "forged, 203.0.113.9", "203.0.113.9"],
    [2, "203.0.113.9, 10.0.0.1", "203.0.113.9"],
    [2, "198.51.100.1, [2001:db8::9]:4711, 10.0.0.1:80", "2001:db8::9"],
    [3, ",,203.0.113.9,10.0.0.1,10.0.0.2", "203.0.113.9"],
  ])("%i, the entry that the outermost appended to %j is verified", (proxies, value, address) => {
    configure({ trustedProxies: proxies });
    expect(findClientAddress(forwarded(value))).toEqual({ address, verified: true });
  });

  it.each([
    [2, "203.0.113.9"],
    [3, "198.51.100.1, 203.0.113.9"],
    [3, ", 198.51.100.1, 203.0.113.9"],
    [2, "unknown, 203.0.113.9"],
    [2, `${"9".repeat(200)}, 203.0.113.9`],
    [0, "198.51.100.1, 203.0.113.9"],
  ])("%i, %j proves nothing: the last hop is told, not verified", (proxies, value) => {
    configure({ trustedProxies: proxies });
    expect(findClientAddress(forwarded(value))).toEqual({
      address: "203.0.113.9",
      verified: false,
    });
  });

  it("an entry that the client put on the left is never what is verified", () => {
    const forgery = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef:.,[]% x")) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), forgery, (proxies, left) => {
        configure({ trustedProxies: proxies });
        const hops = ["203.0.113.9", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"];
        const value = [left, ...hops.slice(0, proxies)].join(",");
        expect(findClientAddress(forwarded(value))).toEqual({
          address: "203.0.113.9",
          verified: true,
        });
      }),
    );
  });
});

const platform = (value: string | undefined) => (name: string) =>
  ({ "cf-connecting-ip": value, "x-forwarded-for": "10.0.0.1" })[name];

describe("behind a platform", () => {
  it("the value of its header is verified", () => {
    configure({ header: "CF-Connecting-IP" });
    expect(findClientAddress(platform(" 2001:db8::9 "))).toEqual({
      address: "2001:db8::9",
      verified: true,
    });
  });

  it.each([undefined, "", "unknown", "203.0.113.9, 198.51.100.1"])(
    "%j in its header proves nothing",
    (value) => {
      configure({ header: "CF-Connecting-IP" });
      expect(findClientAddress(platform(value))).toEqual({ address: "10.0.0.1", verified: false });
    },
  );
});

describe("a hostile header", () => {
  it.each([
    ["a megabyte of digits", "1".repeat(1_000_000)],
    ["a megabyte of colons", ":".repeat(1_000_000)],
    ["a megabyte of dots", "1.".repeat(500_000)],
    ["a hundred thousand commas", ",".repeat(100_000)],
    ["a hundred thousand addresses that are none", "999.0.113.9,".repeat(100_000)],
  ])("of %s is no address, and costs little", (_, value) => {
    for (const trustedProxies of [0, 1, 100]) {
      configure({ trustedProxies });
      // What takes more than a pass over the text takes longer than the test may.
      expect(findClientAddress(forwarded(value))).toBeUndefined();
    }
  });

  it("is an address, or nothing, whatever it holds", () => {
    const header = fc.string({ unit: fc.constantFrom(...Array.from("0123456789abcdef:.,[]% x")) });
    fc.assert(
      fc.property(header, (value) => {
        const { address } = findClientAddress(forwarded(value)) ?? { address: "none" };
        expect(address).toMatch(/^(?:[0-9a-f:.]{2,45}|none)$/);
      }),
    );
  });
});
