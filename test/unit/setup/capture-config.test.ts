import { describe, expect, it } from "vitest";
import { createSampler, installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { getSlot } from "../../../src/slot.ts";
import { watchSlot } from "../../support/slot.ts";

watchSlot();

const key = `k1:${"5e".repeat(16)}`;

const install = (...args: Parameters<typeof resolveConfig>): void =>
  installCaptureSettings(resolveConfig(...args));
const tell = (attribute: string, text: string): string | undefined =>
  getSlot().capture?.tell(attribute, text);

describe("a key for pseudonyms that cannot be used", () => {
  const secret = "k1:c2hvcnQ=";

  it("is a problem that names the variable, and never shows the key", () => {
    const [problem, ...others] = resolveConfig({}, { AUTHLOG_PSEUDONYM_KEY: secret }).problems;
    expect(others).toEqual([]);
    expect(problem?.code).toBe("ERR_AUTHLOG_CONFIG_INVALID");
    expect(problem?.message).toContain("AUTHLOG_PSEUDONYM_KEY");
    expect(problem?.why).toContain("at least 16 bytes");
    expect(`${problem?.message}${problem?.why}${problem?.fix}`).not.toContain("c2hvcnQ");
  });

  it("lets what was to be a pseudonym be left out, and says so", () => {
    const env = { AUTHLOG_PSEUDONYM_KEY: secret, AUTHLOG_PSEUDONYMIZE: "user.email" };
    const { problems } = resolveConfig({}, env);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining("AUTHLOG_PSEUDONYM_KEY"),
      expect.stringContaining("left out"),
    ]);
    install({}, env);
    expect(tell("user.email", "alice@example.com")).toBeUndefined();
    expect(tell("user.id", "42")).toBe("42");
  });
});

describe("the attributes to be told as pseudonyms", () => {
  it("are told so, and the others as they are", () => {
    install(
      {},
      { AUTHLOG_PSEUDONYM_KEY: key, AUTHLOG_PSEUDONYMIZE: "user.email, client.address," },
    );
    expect(tell("user.email", "alice@example.com")).toMatch(/^hmac-sha256:k1:[0-9a-f]{64}$/);
    expect(tell("client.address", "203.0.113.9")).toMatch(/^hmac-sha256:k1:/);
    expect(tell("user.id", "42")).toBe("42");
  });

  it("that nobody knows are a problem, and the others are heeded", () => {
    const env = { AUTHLOG_PSEUDONYM_KEY: key, AUTHLOG_PSEUDONYMIZE: "user.email,auth.outcome" };
    const [problem] = resolveConfig({}, env).problems;
    expect(problem?.fix).toContain("user.full_name");
    install({}, env);
    expect(tell("user.email", "alice@example.com")).toMatch(/^hmac/);
  });
});

describe("a rule for the client's address", () => {
  it.each([
    [{ AUTHLOG_TRUSTED_PROXIES: "2" }, { trustedProxies: 2 }],
    [{ AUTHLOG_CLIENT_ADDRESS_HEADER: "CF-Connecting-IP" }, { header: "cf-connecting-ip" }],
    [
      { AUTHLOG_TRUSTED_PROXIES: "2", AUTHLOG_CLIENT_ADDRESS_HEADER: "x-real-ip" },
      { header: "x-real-ip" },
    ],
    [{}, undefined],
  ])("of %j is %j", (env, rule) =>
    expect(resolveConfig({}, env).clientAddress.value).toEqual(rule),
  );

  it.each([
    { AUTHLOG_TRUSTED_PROXIES: "-1" },
    { AUTHLOG_TRUSTED_PROXIES: "many" },
    { AUTHLOG_CLIENT_ADDRESS_HEADER: "no header" },
  ])("that is %j is a problem", (env) => {
    const { clientAddress, problems } = resolveConfig({}, env);
    expect(clientAddress.value).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(Object.keys(env)[0]);
  });

  it("in code goes before the environment", () => {
    const env = { AUTHLOG_CLIENT_ADDRESS_HEADER: "x-real-ip" };
    const { clientAddress } = resolveConfig({ clientAddress: { trustedProxies: 1 } }, env);
    expect(clientAddress).toEqual({ value: { trustedProxies: 1 }, source: "code" });
  });
});

describe("readings of the session", () => {
  it.each(["2", "-0.1", "all", "NaN"])("in a part of %j are a problem", (value) => {
    const { sessionRead, problems } = resolveConfig({}, { AUTHLOG_SESSION_READ: value });
    expect(sessionRead.value).toBe(0);
    expect(problems).toHaveLength(1);
  });

  it("are told in the part that was asked for", () => {
    const draws = [0, 0.09, 0.1, 0.5, 0.999];
    const sample = (ratio: number): boolean[] =>
      draws.map((draw) => createSampler(ratio, () => draw)());
    expect(sample(0)).toEqual([false, false, false, false, false]);
    expect(sample(0.1)).toEqual([true, true, false, false, false]);
    expect(sample(1)).toEqual([true, true, true, true, true]);
  });
});

describe("a second set-up", () => {
  const privacy = { pseudonymKey: key, pseudonymize: ["user.email"] } as const;

  it("changes nothing of what it does not say in code", () => {
    install({ privacy, sessionRead: 1 }, {});
    install({ clientAddress: { trustedProxies: 1 } }, { AUTHLOG_SESSION_READ: "0" });
    expect(tell("user.email", "alice@example.com")).toMatch(/^hmac/);
    expect(getSlot().capture?.samplesSessionRead()).toBe(true);
    expect(getSlot().capture?.clientAddress).toEqual({ trustedProxies: 1 });
  });

  it("goes before the first with what it does say", () => {
    install({}, {});
    install({ privacy }, {});
    expect(tell("user.email", "alice@example.com")).toMatch(/^hmac/);
  });
});
