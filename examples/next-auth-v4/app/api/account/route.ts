import { withAudit } from "authlog";
import { readAccount } from "authlog-example-shared/lib/account";
import { getServerSession } from "next-auth";
import { sessionOptions } from "../../../auth-options";

/** Who looks at personal data is an event, and so is who is turned away. */
export const GET = withAudit(
  async () => {
    const email = (await getServerSession(sessionOptions))?.user?.email;
    return email ? Response.json(readAccount(email)) : new Response(null, { status: 401 });
  },
  {
    name: "account.read",
    session: () => getServerSession(sessionOptions),
    attributes: { "account.fields": ["phone", "payment_card"] },
  },
);
