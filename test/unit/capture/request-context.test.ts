import { expect, it } from "vitest";
import { readRequest } from "../../../src/capture/request-context.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

it("a request tells where it came from, with which program, and what it asked for", () => {
  const headers = new Headers({ "x-forwarded-for": "::1", "user-agent": "a browser" });
  expect(readRequest(headers, "GET", { path: "/path" })).toEqual({
    method: "GET",
    path: "/path",
    clientAddress: "::1",
    clientAddressVerified: false,
    userAgent: "a browser",
  });
});

it("headers that cannot be read leave the rest as it is, and it is said", () => {
  const headers = {
    get(): string {
      throw new Error("hostile");
    },
  };
  expect(readRequest(headers, "POST", { path: "/path" })).toEqual({
    method: "POST",
    path: "/path",
  });
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_CAPTURE_FAILED"]);
});

it("a header that is no text is as none", () => {
  const headers = { get: () => 7 as unknown as string };
  expect(readRequest(headers, "GET", {})).toEqual({ method: "GET" });
});
