"use server";

import { withAudit } from "authlog";
import { changePhone } from "authlog-example-shared/lib/account";
import { auth } from "../auth";

/** An action that throws has failed. One that returns what went wrong says by `outcome` what that means. */
export const changePhoneByAction = withAudit(
  async (form: FormData) => {
    const email = (await auth())?.user?.email;
    return email ? changePhone(email, form.get("phone")) : "Please sign in again.";
  },
  {
    name: "user.phone.change",
    session: () => auth(),
    outcome: (problem) => (problem === undefined ? "success" : "failure"),
  },
);
