import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readAppState } from "../../../../src/cli/doctor/read-app-state.ts";
import { startTicksOf } from "../../../../src/setup/app-state.ts";
import { stateOf } from "./app-of.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-doctor-"));
  mkdirSync(join(folder, ".authlog"));
  file = join(folder, ".authlog/app.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (content: unknown): void => writeFileSync(file, JSON.stringify(content));
const here = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? "" };

const isLinux = process.platform === "linux";

it.runIf(isLinux)("gives back what the app wrote, and sees that its process lives", () => {
  const state = stateOf(here);
  write(state);
  expect(readAppState(folder)).toEqual({ kind: "found", state, running: true });
});

it.runIf(isLinux)("takes no other process that has its pid for it", () => {
  write(stateOf({ ...here, startTicks: "1" }));
  expect(readAppState(folder)).toMatchObject({ running: false });
});

it("goes by the pid alone where the system says no more", () => {
  const { startTicks: _, ...state } = stateOf(here);
  write(state);
  expect(readAppState(folder)).toMatchObject({ running: true });
  const { pid } = spawnSync(process.execPath, ["--version"]);
  write({ ...state, pid });
  expect(readAppState(folder)).toMatchObject({ running: false });
});

it("finds nothing where nothing is", () => {
  expect(readAppState(folder)).toEqual({ kind: "missing" });
  expect(readAppState(join(folder, "nowhere"))).toEqual({ kind: "missing" });
});

it.each([
  ["another version", { ...stateOf(), version: 2 }],
  ["a pid that is a group", { ...stateOf(), pid: -1 }],
  ["a code that is none", { ...stateOf(), failed: { unixMillis: 0, code: "\u001b[2J" } }],
  ["a list", []],
  ["null", null],
])("takes nothing from a file with %s", (_, content) => {
  write(content);
  expect(readAppState(folder)).toMatchObject({ kind: "unreadable" });
});

it("reads no file that is far larger than what an app writes", () => {
  writeFileSync(file, " ".repeat(1024 ** 2) + JSON.stringify(stateOf(here)));
  expect(readAppState(folder)).toMatchObject({ kind: "unreadable", reason: "it is too large" });
});

it("takes nothing from what is no JSON, and follows no link", () => {
  writeFileSync(file, "{");
  expect(readAppState(folder)).toMatchObject({ kind: "unreadable", reason: "it is no JSON" });
  rmSync(file);
  writeFileSync(join(folder, "elsewhere.json"), JSON.stringify(stateOf(here)));
  symlinkSync("../elsewhere.json", file);
  expect(readAppState(folder)).toMatchObject({ kind: "unreadable", reason: "ELOOP" });
});
