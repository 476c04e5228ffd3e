import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { AuthlogError, type AuthlogErrorCode } from "../../src/errors.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const codes = [...read("src/errors.ts").matchAll(/\| "(ERR_AUTHLOG_\w+)"/g)].map(
  ([, code = ""]) => code as AuthlogErrorCode,
);

/** The sections of the page of errors, each with its text. */
const sections = new Map(
  read("docs/errors.md")
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split("\n", 1)[0] ?? "", section]),
);

describe("docs/errors.md", () => {
  it("has a section for each code, and for nothing else", () => {
    expect(codes.length).toBeGreaterThan(30);
    expect([...sections.keys()].toSorted()).toEqual(codes.toSorted());
  });

  it.each(codes)("says of %s what happened, why, and what to do", (code) => {
    expect(sections.get(code)).toMatch(
      /^ERR_\w+\n\n\S[^]+\n- \*\*Why:\*\* \S[^]+\n- \*\*Fix:\*\* \S/,
    );
  });

  it.each(codes)("is where an error of %s leads to, and comes with the package", (code) => {
    const { link } = new AuthlogError(code, { message: "m", why: "w", fix: "f" });
    const [page = "", anchor] = link.replace("node_modules/authlog/", "").split("#");
    expect(anchorsOf(page)).toContain(anchor);
    const { files } = JSON.parse(read("package.json")) as { files: string[] };
    expect(files).toContain(page.split("/")[0]);
  });
});

describe.each(["README.md", "docs/errors.md", "CONTRIBUTING.md", "SECURITY.md"])("%s", (page) => {
  it("links only to files and sections that are there", () => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && !anchorsOf(target).includes(anchor);
      });
    expect(broken).toEqual([]);
  });
});

/** The anchors that a page's headings have where it is shown. */
function anchorsOf(page: string): string[] {
  const text = read(page).replaceAll(/^```[^]*?^```/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}
