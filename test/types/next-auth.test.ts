import type NextAuth5 from "next-auth";
import type { Session } from "next-auth";
import { describe, expectTypeOf, it } from "vitest";
import type NextAuth4 from "../../examples/next-auth-v4/node_modules/next-auth/index.js";
import type {
  AuthOptions,
  Session as Session4,
} from "../../examples/next-auth-v4/node_modules/next-auth/index.js";
import type { AuditActor } from "../../src/capture/audit.ts";
import { withAuthlog } from "../../src/capture/with-authlog.ts";

// Checked by the compiler alone, and apart from all else: the types of Next.js change global ones.

describe("withAuthlog keeps the types of", () => {
  it("next-auth 5", () => {
    const wrap = withAuthlog<typeof NextAuth5>;
    expectTypeOf(wrap).returns.toEqualTypeOf<typeof NextAuth5>();
    expectTypeOf(wrap).returns.parameter(0).toEqualTypeOf<Parameters<typeof NextAuth5>[0]>();
    type Result = ReturnType<ReturnType<typeof wrap>>;
    expectTypeOf<Result>().toEqualTypeOf<ReturnType<typeof NextAuth5>>();
    expectTypeOf<Result["auth"]>().not.toBeAny();
    expectTypeOf<Result["handlers"]>().toHaveProperty("POST");
  });

  it("next-auth 4, in each of its call forms", () => {
    const wrap = withAuthlog<typeof NextAuth4>;
    expectTypeOf(wrap).returns.toEqualTypeOf<typeof NextAuth4>();
    expectTypeOf(wrap).returns.toBeCallableWith({ providers: [] });
    expectTypeOf<typeof NextAuth4>().toExtend<(options: AuthOptions) => unknown>();
  });

  it("the options of next-auth 4", () => {
    expectTypeOf(withAuthlog<AuthOptions>).returns.toEqualTypeOf<AuthOptions>();
  });
});

it("the user of a session is an actor as it is, in both majors", () => {
  expectTypeOf<Session["user"]>().toExtend<AuditActor | undefined>();
  expectTypeOf<Session4["user"]>().toExtend<AuditActor | undefined>();
});
