import { describe, expect, it } from "vitest";
import type { Check } from "../../../../src/cli/doctor/check.ts";
import type { Probe } from "../../../../src/cli/doctor/destination.ts";
import { destinationChecks } from "../../../../src/cli/doctor/destination-checks.ts";

/** What is said of the token after such an answer to a request without events. */
function tokenCheck(httpStatus: number, status?: string, summary = "so it is."): Check | undefined {
  const answer: Probe["answer"] = { httpStatus, ...(status !== undefined && { status, summary }) };
  const checks = destinationChecks({ kind: "remote", url: "https://a.example", probe: { answer } });
  return checks.find(({ id }) => id === "destination.token");
}

describe("what the doctor says of the token", () => {
  it.each([
    [400, "ValidationError"],
    [422, "ValidationError"],
    [400, "InvalidPayloadReceived"],
    [200, "Success"],
  ])("is that it is taken after %d %s", (httpStatus, status) => {
    expect(tokenCheck(httpStatus, status)).toMatchObject({ status: "ok" });
  });

  it.each([
    [401, undefined],
    [403, undefined],
    [400, "Unauthorized"],
  ])("is that it is refused after %d %s", (httpStatus, status) => {
    expect(tokenCheck(httpStatus, status)).toMatchObject({
      status: "fail",
      hint: "export PANGEA_TOKEN=",
    });
  });

  it.each([200, 204, 302, 400, 404, 422])(
    "is that no audit log answers after %d without Pangea's envelope",
    (httpStatus) => {
      expect(tokenCheck(httpStatus)).toMatchObject({
        status: "fail",
        why: `HTTP ${httpStatus}, and no envelope of Pangea's. Check the domain or the URL, and the configuration's id.`,
      });
    },
  );

  it.each([
    [400, "MissingConfigID"],
    [400, "AccountSuspended"],
    [200, "ok"],
  ])("is that something else is wrong after %d %s", (httpStatus, status) => {
    const why = expect.stringContaining(`HTTP ${httpStatus} ${status} so it is. Check`);
    expect(tokenCheck(httpStatus, status)).toMatchObject({ status: "fail", why });
  });

  it.each([
    [408, undefined],
    [429, undefined],
    [429, "TooManyRequests"],
    [500, "InternalError"],
    [502, undefined],
    [503, "ServiceNotAvailable"],
  ])("is not known after %d %s, which passes", (httpStatus, status) => {
    expect(tokenCheck(httpStatus, status)).toMatchObject({
      status: "warn",
      hint: "npx authlog doctor",
      link: "node_modules/authlog/docs/errors.md#err_authlog_delivery_retryable",
    });
  });
});
