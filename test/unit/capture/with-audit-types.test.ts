import { describe, expectTypeOf, it } from "vitest";
import { withAudit } from "../../../src/capture/with-audit.ts";

type Handler = (
  request: Request,
  context: { params: Promise<{ id: string }> },
) => Promise<Response>;
const handler: Handler = () => Promise.resolve(new Response());

const action = (id: string, form: FormData): Promise<{ ok: boolean }> =>
  Promise.resolve({ ok: form.has(id) });

const options = { name: "billing.refund" };

describe("withAudit keeps the types of", () => {
  it("a route handler", () => {
    expectTypeOf(withAudit(handler, options)).toEqualTypeOf<Handler>();
    withAudit(handler, {
      ...options,
      target: async (request, { params }) => {
        expectTypeOf(request).toEqualTypeOf<Request>();
        return `invoice:${(await params).id}`;
      },
    });
  });

  it("a server action", () => {
    expectTypeOf(withAudit(action, options)).toEqualTypeOf<typeof action>();
    withAudit(action, {
      ...options,
      actor: (id, form) => {
        expectTypeOf(id).toEqualTypeOf<string>();
        expectTypeOf(form).toEqualTypeOf<FormData>();
        return { id };
      },
      outcome: (result) => {
        expectTypeOf(result).toEqualTypeOf<{ ok: boolean }>();
        return "success";
      },
    });
  });
});
