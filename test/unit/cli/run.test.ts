import { describe, expect, it } from "vitest";
import { run } from "../../../src/cli/run.ts";
import { terminal } from "./recorded-terminal.ts";

describe("the command line", () => {
  it.each([
    [["--help"], 0, "Usage: authlog <command>"],
    [["serve", "--help"], 0, "Usage: authlog serve"],
    [["--version"], 0, "0."],
  ])("%j exits with %i and prints to its output", async (args, code, start) => {
    const io = terminal();
    expect(await run(args, io)).toBe(code);
    expect(io.lines.join("\n").startsWith(start)).toBe(true);
    expect(io.errors).toEqual([]);
  });

  it.each([
    [[], "Usage: authlog"],
    [["sevre"], "Did you mean serve?"],
    [["__proto__"], "There is no command".toLowerCase()],
    [["\u001b[2J"], "see authlog --help"],
    [["serve", "--prot", "1"], "Unknown option '--prot'"],
    [["serve", "more"], "Unexpected argument"],
    [["serve", "--port", "http"], "a number from 0 to 65535"],
    [["serve", "--port"], "'--port <value>' argument missing"],
  ])("%j is wrong usage", async (args, message) => {
    const io = terminal();
    expect(await run(args, io)).toBe(2);
    expect(io.lines).toEqual([]);
    expect(io.errors.join("\n").toLowerCase()).toContain(message.toLowerCase());
    // Without a command, what is said is how the command is used.
    expect(io.errors[0]?.endsWith("[ERR_AUTHLOG_USAGE]")).toBe(args.length > 0);
    expect(io.errors.join("\n")).not.toContain("\u001b");
  });

  it.each([["serve"], ["journal"], ["deadletter", "list"]])(
    "on a Node that is too old, %s names both versions",
    async (...args) => {
      const io = terminal();
      expect(await run(args, io, "22.14.9")).toBe(2);
      expect(io.errors[0]).toBe("authlog: Node 22.14.9 is too old. [ERR_AUTHLOG_USAGE]");
      expect(io.errors[1]).toContain("needs Node 22.15 or later");
      expect(io.lines).toEqual([]);
    },
  );

  it("on a Node that is too old the doctor runs, and says so", async () => {
    const io = terminal();
    expect(await run(["doctor", "--help"], io, "20.0.0")).toBe(0);
  });
});
