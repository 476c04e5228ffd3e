import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensurePrivateFolder } from "../../../src/files/private-folder.ts";

let app: string;
beforeEach(() => {
  app = mkdtempSync(join(tmpdir(), "authlog-folder-"));
});
afterEach(() => rmSync(app, { recursive: true }));

/** Which of these folders are hidden from git by a file of their own. */
const hidden = (...folders: string[]): string[] =>
  folders.filter((folder) => existsSync(join(app, folder, ".gitignore")));

const all = ["", "data", "data/authlog", ".authlog", ".authlog/journal"];

describe("a private folder", () => {
  it("is hidden from git with all that was made for it, whatever is made first", () => {
    ensurePrivateFolder(join(app, ".authlog/journal"));
    ensurePrivateFolder(join(app, ".authlog"));
    expect(hidden(...all)).toEqual([".authlog"]);
    expect(readFileSync(join(app, ".authlog/.gitignore"), "utf8")).toBe("*\n");
  });

  it("under a name of the app's choice is hidden from its outermost new folder on", () => {
    ensurePrivateFolder(join(app, "data/authlog"));
    expect(hidden(...all)).toEqual(["data"]);
  });

  it("leaves a folder of the app's own as it is, and hides what is made in it", () => {
    mkdirSync(join(app, "data"));
    ensurePrivateFolder(join(app, "data"));
    ensurePrivateFolder(join(app, "data/authlog"));
    expect(hidden(...all)).toEqual(["data/authlog"]);
  });

  it.each([".authlog", ".authlog/journal", ".authlog/more"])(
    "named .authlog, and there without being hidden, is hidden when %s is asked for",
    (asked) => {
      mkdirSync(join(app, ".authlog/journal"), { recursive: true });
      ensurePrivateFolder(join(app, asked));
      expect(hidden(...all)).toEqual([".authlog"]);
    },
  );

  it.runIf(process.platform === "linux")("is refused where the kernel takes none, at once", () => {
    expect(() => ensurePrivateFolder("/proc/authlog/journal")).toThrow(
      expect.objectContaining({ code: "ENOENT" }),
    );
  });

  it("hides nothing in a folder of the app's own that a link named .authlog leads to", () => {
    mkdirSync(join(app, "data"));
    symlinkSync("data", join(app, ".authlog"));
    ensurePrivateFolder(join(app, ".authlog"));
    ensurePrivateFolder(join(app, ".authlog/journal"));
    expect(hidden("data", "data/journal")).toEqual(["data/journal"]);
  });

  it("is refused behind a link that leads nowhere, and behind a file", () => {
    symlinkSync(join(app, "gone"), join(app, "link"));
    expect(() => ensurePrivateFolder(join(app, "link/journal"))).toThrow(
      expect.objectContaining({ code: "EEXIST" }),
    );
    writeFileSync(join(app, "file"), "");
    expect(() => ensurePrivateFolder(join(app, "file/journal"))).toThrow(
      expect.objectContaining({ code: "ENOTDIR" }),
    );
  });

  it("keeps what the app says there to git", () => {
    mkdirSync(join(app, ".authlog"));
    writeFileSync(join(app, ".authlog/.gitignore"), "*.db\n");
    ensurePrivateFolder(join(app, ".authlog"));
    expect(readFileSync(join(app, ".authlog/.gitignore"), "utf8")).toBe("*.db\n");
  });
});
