import { withAudit } from "authlog";
import { readAccount } from "authlog-example-shared/lib/account";
import { auth } from "../../../auth";

/** Who looks at personal data is an event, and so is who is turned away. */
export const GET = withAudit(
  async () => {
    const email = (await auth())?.user?.email;
    return email ? Response.json(readAccount(email)) : new Response(null, { status: 401 });
  },
  {
    name: "account.read",
    session: () => auth(),
    attributes: { "account.fields": ["phone", "payment_card"] },
  },
);
