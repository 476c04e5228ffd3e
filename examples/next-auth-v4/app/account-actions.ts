"use server";

import { withAudit } from "authlog";
import { changePhone } from "authlog-example-shared/lib/account";
import { getServerSession } from "next-auth";
import { sessionOptions } from "../auth-options";

/** An action that throws has failed. One that returns what went wrong says by `outcome` what that means. */
export const changePhoneByAction = withAudit(
  async (form: FormData) => {
    const email = (await getServerSession(sessionOptions))?.user?.email;
    return email ? changePhone(email, form.get("phone")) : "Please sign in again.";
  },
  {
    name: "user.phone.change",
    session: () => getServerSession(sessionOptions),
    outcome: (problem) => (problem === undefined ? "success" : "failure"),
  },
);
