#!/usr/bin/env node
import process from "node:process";
import { run } from "./run.ts";

const stopped = new Promise<void>((resolve) => {
  // Once: a second signal finds no listener, and ends the process at once.
  process.once("SIGINT", () => resolve());
  process.once("SIGTERM", () => resolve());
  // As `authlog tail | head` leaves it: nobody reads any more.
  process.stdout.on("error", () => resolve());
});

const { env, stdout } = process;
// https://no-color.org: any value that is not empty.
const color = stdout.isTTY && !env["NO_COLOR"] && env["TERM"] !== "dumb";

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => console.log(line),
  err: (line) => console.error(line),
  env,
  color,
  stopped,
});
