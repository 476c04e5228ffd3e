import { describe, expect, it } from "vitest";
import { resolveOptions, type StartLedgerOptions } from "../../../src/ledger-server/options.ts";

describe("the ledger's options", () => {
  it("have the defaults that they are documented with", () => {
    expect(resolveOptions({})).toMatchObject({
      path: expect.stringMatching(/\.authlog\/ledger\.db$/),
      host: "127.0.0.1",
      port: 4_319,
      portIsGiven: false,
      publishIntervalMillis: 5_000,
      maxBufferSize: 1_000,
      maxBodyBytes: 16_777_216,
      searchTimeoutMillis: 5_000,
      join: true,
    });
  });

  it.each([
    [{ host: "0.0.0.0" }, "host"],
    [{ host: "" }, "host"],
    [{ port: -1 }, "port"],
    [{ port: 65_536 }, "port"],
    [{ port: 1.5 }, "port"],
    [{ maxBufferSize: 0 }, "maxBufferSize"],
    [{ publishIntervalMillis: Number.NaN }, "publishIntervalMillis"],
    [{ maxBodyBytes: 1 }, "maxBodyBytes"],
    [{ searchTimeoutMillis: 0 }, "searchTimeoutMillis"],
  ])("%j is an error that names the option", (options, name) => {
    expect(() => resolveOptions(options as StartLedgerOptions)).toThrow(
      expect.objectContaining({
        code: "ERR_AUTHLOG_CONFIG_INVALID",
        message: expect.stringContaining(`"${name}"`),
      }),
    );
  });
});
