import { withAudit } from "authlog";
import { mayRefund } from "authlog-example-shared/lib/account";
import { getServerSession } from "next-auth";
import { sessionOptions } from "../../../../../auth-options";

interface Context {
  params: Promise<{ id: string }>;
}

/** A status of 400 or more is a failure: who tries to refund and may not stands in the log, too. */
export const POST = withAudit(
  async (_request: Request, _context: Context) => {
    const email = (await getServerSession(sessionOptions))?.user?.email;
    return new Response(null, { status: email && mayRefund(email) ? 204 : 403 });
  },
  {
    name: "billing.refund",
    session: () => getServerSession(sessionOptions),
    target: async (_request, { params }) => `invoice:${(await params).id}`,
  },
);
