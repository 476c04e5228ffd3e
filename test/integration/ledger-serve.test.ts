import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { terminal } from "../unit/cli/recorded-terminal.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-cli-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function append(url: string, token: string, body: object): Promise<Response> {
  return fetch(`${url}/v1/log`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const eventOf = (message: string): object => ({
  event: { message, action: "auth.sign_in", status: "success", new: '{"log.record.uid":"u"}' },
});

describe("authlog serve", () => {
  it("tells where it listens, prints a line an event, and no token, and stops cleanly", async () => {
    const io = terminal({
      AUTHLOG_LEDGER_PATH: join(folder, "ledger.db"),
      AUTHLOG_LEDGER_PORT: "0",
    });
    const running = run(["serve"], io);
    const url = (await io.first).split(" at ")[1] ?? "";
    const token = readFileSync(join(folder, "ledger.append-token"), "utf8").trim();
    await append(url, token, eventOf("first"));
    await append(url, token, eventOf("second"));
    io.stop();
    expect(await running).toBe(0);
    expect(io.lines[1]).toContain(join(folder, "ledger.append-token"));
    expect(io.lines[2]).toContain(join(folder, "ledger.read-token"));
    expect(io.lines[3]).toMatch(/^\d\d:\d\d:\d\d ✓ auth\.sign_in/);
    expect(io.lines[4]).toMatch(/conflict: its uid stood there$/);
    expect(io.lines.join("\n")).not.toContain(token);
  });

  it("with --json prints one object a line", async () => {
    const io = terminal();
    const running = run(
      ["serve", "--json", "--port", "0", "--path", join(folder, "ledger.db")],
      io,
    );
    expect(JSON.parse(await io.first)).toMatchObject({
      type: "listening",
      url: expect.stringMatching(/^http/),
    });
    io.stop();
    expect(await running).toBe(0);
    expect(io.lines.slice(1)).toEqual(['{"type":"stopped"}']);
  });

  it("takes the fields of the schema that AUTHLOG_SCHEMA names, and no other name", async () => {
    const at = { AUTHLOG_LEDGER_PATH: join(folder, "ledger.db"), AUTHLOG_LEDGER_PORT: "0" };
    const io = terminal({ ...at, AUTHLOG_SCHEMA: "tutorial" });
    const running = run(["serve"], io);
    const url = (await io.first).split(" at ")[1] ?? "";
    const token = readFileSync(join(folder, "ledger.append-token"), "utf8").trim();
    const event = { message: "User logged in", action: "login", email: "ada@example.com" };
    expect((await append(url, token, { event })).status).toBe(200);
    expect((await append(url, token, eventOf("of the standard schema"))).status).toBe(400);
    io.stop();
    expect(await running).toBe(0);
    const other = terminal({ ...at, AUTHLOG_SCHEMA: "tutoriel" });
    expect(await run(["serve"], other)).toBe(2);
    expect(other.errors.join("\n")).toMatch(
      /AUTHLOG_SCHEMA.*\[ERR_AUTHLOG_CONFIG_INVALID\]\n.*standard, tutorial, tutorial-with-ids/,
    );
  });
});
