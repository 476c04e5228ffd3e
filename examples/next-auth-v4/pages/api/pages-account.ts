import { audit } from "authlog";
import { readAccount } from "authlog-example-shared/lib/account";
import type { NextApiRequest, NextApiResponse } from "next";
import { getServerSession } from "next-auth";
import { sessionOptions } from "../../auth-options";

/** Where one event for each call is not what is wanted, `audit` tells just what happened. */
export default async function handler(
  request: NextApiRequest,
  response: NextApiResponse,
): Promise<void> {
  const session = await getServerSession(request, response, sessionOptions);
  const email = session?.user?.email;
  if (!email) {
    response.status(401).end();
    return;
  }
  audit({
    name: "account.read",
    actor: session.user,
    attributes: { "account.fields": ["phone", "payment_card"] },
    request,
  });
  response.json(readAccount(email));
}
