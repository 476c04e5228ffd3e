import { describe, expect, it } from "vitest";
import { resolveDestination } from "../../../src/pangea/destination.ts";
import { PangeaLogRecordExporter } from "../../../src/pangea/pangea-log-record-exporter.ts";

describe("the destination", () => {
  it.each([
    [{}, "https://{SERVICE_NAME}.aws.us.pangea.cloud"],
    [{ domain: "aws.eu.pangea.cloud" }, "https://{SERVICE_NAME}.aws.eu.pangea.cloud"],
    [
      { baseUrlTemplate: "https://pangea.example/{SERVICE_NAME}/api" },
      "https://pangea.example/{SERVICE_NAME}/api",
    ],
    [
      { domain: "unused.example", baseUrlTemplate: "http://127.0.0.1:4319" },
      "http://127.0.0.1:4319",
    ],
    [{ baseUrlTemplate: "http://localhost" }, "http://localhost"],
    [
      { baseUrlTemplate: "http://{SERVICE_NAME}.localhost:80" },
      "http://{SERVICE_NAME}.localhost:80",
    ],
    [{ baseUrlTemplate: "http://[::1]:1" }, "http://[::1]:1"],
    [{ baseUrlTemplate: "http://0x7f.1" }, "http://0x7f.1"],
  ])("of %j is %s", (options, template) => {
    expect(resolveDestination(options)).toBe(template);
  });

  it.each([
    "http://audit.example",
    "http://{SERVICE_NAME}.aws.us.pangea.cloud",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "http://128.0.0.1",
    "http://0.0.0.0",
    "http://[::2]",
    "http://[::ffff:127.0.0.1]",
  ])("%s is refused: the token would be seen on the way", (baseUrlTemplate) => {
    expect(() => new PangeaLogRecordExporter({ token: "t", baseUrlTemplate })).toThrow(
      expect.objectContaining({ code: "ERR_AUTHLOG_INSECURE_URL" }),
    );
  });

  it.each([
    "audit.example",
    "ftp://audit.example",
    "",
    "https://user:hunter2@audit.example",
    "http://127.0.0.1:80@audit.example",
    "https://audit.example/?key=hunter2",
  ])("%j is refused, and not repeated", (baseUrlTemplate) => {
    expect(() => new PangeaLogRecordExporter({ token: "t", baseUrlTemplate })).toThrow(
      expect.objectContaining({
        code: "ERR_AUTHLOG_CONFIG_INVALID",
        message: expect.not.stringContaining("hunter2"),
        why: expect.not.stringContaining("hunter2"),
      }),
    );
  });

  it.each([
    { timeoutMillis: 0 },
    { timeoutMillis: Number.NaN },
    { timeoutMillis: 2 ** 31 },
    { maxRequestBytes: 0.5 },
  ])("%j is refused", (limits) => {
    expect(() => new PangeaLogRecordExporter({ token: "t", ...limits })).toThrow(
      expect.objectContaining({ code: "ERR_AUTHLOG_CONFIG_INVALID" }),
    );
  });
});
