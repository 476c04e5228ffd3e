import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AuthlogError } from "../../src/errors.ts";
import { repository } from "./support/built-app.ts";
import { newApp, packed, temporaryRoom } from "./support/installed-app.ts";

const readme = readFileSync(join(repository, "README.md"), "utf8");

/** The README's line that installs the tarball, which it makes beside the app. */
const [, tarballName = ""] = /^npm install \.\.\/authlog\/(authlog-\S+\.tgz)$/m.exec(readme) ?? [];

it("the README's way without npm: its tarball installs, runs, and brings the page that messages name", async () => {
  expect(readme).toContain("npm ci && npm run build && npm pack\n");
  using room = temporaryRoom();
  const tarball = await packed(room.path);
  expect(tarball).toBe(join(room.path, tarballName));
  const app = newApp(room.path, "app");
  await app.install(join("..", tarballName));
  expect(await app.authlog(["--version"])).toMatch(/^\d+\.\d+\.\d+\n$/);
  const { link } = new AuthlogError("ERR_AUTHLOG_USAGE", { message: "m", why: "w", fix: "f" });
  const [page = ""] = link.split("#");
  expect(existsSync(join(app.folder, page))).toBe(true);
  const script = 'import { AuthlogError } from "authlog"; console.log(typeof AuthlogError.is);';
  app.write({ "try.mjs": script });
  expect(execFileSync(process.execPath, ["try.mjs"], { cwd: app.folder, encoding: "utf8" })).toBe(
    "function\n",
  );
});
