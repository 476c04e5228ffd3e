import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("the built command can be run as it is", () => {
  const path = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\./) });
});
