import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AuthlogOptions } from "../../../src/setup/authlog-options.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { getSlot } from "../../../src/slot.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

/** What is said of these settings, each problem as one text. */
function problemsOf(env: Record<string, string>, options: unknown = {}): string[] {
  const { problems } = resolveConfig(options as AuthlogOptions, env);
  expect(problems.every(({ code }) => code === "ERR_AUTHLOG_CONFIG_INVALID")).toBe(true);
  return problems.map(({ message, why, fix }) => `${message} ${why} ${fix}`);
}

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const [, table = ""] = /^\| option \| environment(.*?)\n\n/ms.exec(readme) ?? [];
const variables = [...table.matchAll(/`((?:AUTHLOG|PANGEA)_[A-Z_]+)`/g)].map(
  ([, name = ""]) => name,
);

describe("a variable that no setting has", () => {
  it("is none of those that the README names, whichever others are set", () => {
    expect(variables.length).toBeGreaterThan(25);
    const env = Object.fromEntries(variables.map((name) => [name, "1"]));
    const said = problemsOf(env);
    expect(said.filter((text) => text.includes("no setting has this name"))).toEqual([]);
  });

  it.each(variables)("is reported with the nearest name: %s without a letter of it", (name) => {
    const misspelt = name.slice(0, -2) + name.slice(-1);
    expect(problemsOf({ [misspelt]: "1" })).toEqual([
      expect.stringContaining(`Rename ${misspelt} to ${name}`),
    ]);
  });

  it("is reported without a name where none is near, and never with its value", () => {
    const said = problemsOf({ AUTHLOG_QUITE_SOMETHING_ELSE: "pts_secret" });
    expect(said).toEqual([expect.stringContaining("Remove AUTHLOG_QUITE_SOMETHING_ELSE.")]);
    expect(said.join("")).not.toContain("pts_secret");
  });

  it.each([
    ["authlog_enabled", "AUTHLOG_ENABLED"],
    ["AUTH_LOG_ENABLED", "AUTHLOG_ENABLED"],
    ["AUTHLOG__ENABLED", "AUTHLOG_ENABLED"],
    ["PANGEA_TOKEN_", "PANGEA_TOKEN"],
    ["PANGEA_DOMIAN", "PANGEA_DOMAIN"],
  ])("is %s, where %s was meant", (name, meant) => {
    expect(problemsOf({ [name]: "true" })).toEqual([
      expect.stringContaining(`Rename ${name} to ${meant}`),
    ]);
  });

  it.each([
    "PANGEA_AUTHN_TOKEN",
    "PANGEA_REGION",
    "PANGEA_VAULT_CONFIG_ID",
    "AUTH_SECRET",
    "AUTH_TRUST_HOST",
    "AUTHENTIK_TOKEN",
    "NEXTAUTH_URL",
  ])("may be another package's: nothing is said of %s", (name) => {
    expect(problemsOf({ [name]: "1" })).toEqual([]);
  });

  it("is one that is not set, where its value is empty", () => {
    expect(problemsOf({ AUTHLOG_PSEUDONYMISE: "" })).toEqual([]);
  });

  it("lets nothing of its name act on the console", () => {
    const [said = ""] = problemsOf({ [`AUTHLOG_\u001b[2J${"x".repeat(1_000)}`]: "1" });
    expect(said).not.toContain("\u001b");
    expect(said.length).toBeLessThan(500);
  });
});

describe("an option that no setting has", () => {
  it.each<[unknown, string, string]>([
    [{ journal: { dirr: "x" } }, "journal.dirr", "journal.dir"],
    [{ jurnal: { dir: "x" } }, "jurnal", "journal"],
    [{ maxBytes: 1 }, "maxBytes", "journal.maxBytes"],
    [{ token: "pts_secret" }, "token", "pangea.token"],
    [{ pangea: { tokn: "pts_secret" } }, "pangea.tokn", "pangea.token"],
    [{ privacy: { pseudonymise: ["user.email"] } }, "privacy.pseudonymise", "privacy.pseudonymize"],
    [{ requestEnd: { timeoutMilis: 1 } }, "requestEnd.timeoutMilis", "requestEnd.timeoutMillis"],
    [{ privcy: { pseudonymize: ["user.email"] } }, "privcy", "privacy"],
  ])("is reported with the nearest name: %j", (options, name, meant) => {
    const said = problemsOf({}, options);
    expect(said).toEqual([expect.stringContaining(`Rename ${name} to ${meant}`)]);
    expect(said.join("")).not.toContain("pts_secret");
  });

  it.each([["pts_secret"], [null], [7]])("or a group that is %j is reported", (group) => {
    const said = problemsOf({}, { pangea: group });
    expect(said).toEqual([
      expect.stringMatching(/^pangea has no effect.*Make pangea an object\.$/),
    ]);
    expect(said.join("")).not.toContain("pts_secret");
  });

  it("is none of those of a whole configuration, and no options at all are none", () => {
    const options: AuthlogOptions = {
      enabled: true,
      pangea: { token: () => "pts", readToken: () => "pts", domain: "d.example" },
      batch: { maxQueueSize: 10, maxExportBatchSize: 5 },
      clientAddress: { header: "x-real-ip" },
      attemptedIdentifier: ({ name }) => String(name),
      journal: { dir: "x", onFull: "drop-oldest" },
      ledger: { path: "x", port: 1 },
      privacy: {},
      sessionRead: 0.5,
    };
    expect(problemsOf({}, options)).toEqual([]);
    expect(problemsOf({}, null)).toEqual([]);
    expect(problemsOf({}, { journal: undefined, anything: undefined })).toEqual([]);
  });

  it("a function that is none is a value that cannot be used", () => {
    const { attemptedIdentifier, problems } = resolveConfig(
      { attemptedIdentifier: "email" } as unknown as AuthlogOptions,
      {},
    );
    expect(attemptedIdentifier.value).toBeUndefined();
    expect(problems[0]?.why).toContain("must be a function");
  });
});

const key = `k1:${"ab".repeat(16)}`;

/** What becomes of an e-mail address and of a client's address under these settings. */
function told(env: Record<string, string>, options: unknown = {}): (string | undefined)[] {
  getSlot().capture = undefined;
  installCaptureSettings(resolveConfig(options as AuthlogOptions, env));
  const { capture } = getSlot();
  return ["user.email", "client.address"].map((name) => capture?.tell(name, "ada@example.com"));
}

describe("a wish for privacy under a name that does not exist", () => {
  const pseudonym = expect.stringMatching(/^hmac-sha256:k1:/);

  it("hides all that points at a person, by pseudonyms where there is a key", () => {
    expect(told({ AUTHLOG_PSEUDONYMISE: "user.email" })).toEqual([undefined, undefined]);
    expect(told({ AUTHLOG_PSEUDONYMISE: "user.email", AUTHLOG_PSEUDONYM_KEY: key })).toEqual([
      pseudonym,
      pseudonym,
    ]);
    const privacy = { pseudonymise: ["user.email"], pseudonymKey: key };
    expect(told({}, { privacy })).toEqual([pseudonym, pseudonym]);
    expect(told({}, { privcy: privacy })).toEqual([undefined, undefined]);
    const [said] = problemsOf({ AUTHLOG_PSEUDONYMISE: "user.email" });
    expect(said).toContain("every attribute that points at a person is a pseudonym, or left out");
  });

  it("changes nothing where the right name is set too", () => {
    const env = { AUTHLOG_PSEUDONYM_KEY: key, AUTHLOG_PSEUDONYMIZE: "user.email" };
    expect(told({ ...env, AUTHLOG_PSEUDONYMISE: "user.id" })).toEqual([
      pseudonym,
      "ada@example.com",
    ]);
  });

  it("hides the attribute whose name is nearest to a misspelt one", () => {
    const env = { AUTHLOG_PSEUDONYM_KEY: key, AUTHLOG_PSEUDONYMIZE: "user.emial" };
    expect(told(env)).toEqual([pseudonym, "ada@example.com"]);
    expect(problemsOf(env)).toHaveLength(1);
  });
});
