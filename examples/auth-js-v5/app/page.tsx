import { AccountCard } from "authlog-example-shared/components/account-card";
import { Frame } from "authlog-example-shared/components/frame";
import { LiveRefresh } from "authlog-example-shared/components/live-refresh";
import { OtherWays } from "authlog-example-shared/components/other-ways";
import { offers } from "authlog-example-shared/lib/offers";
import { problemText } from "authlog-example-shared/lib/problems";
import { readTrail } from "authlog-example-shared/lib/trail";
import { auth } from "../auth";
import { SessionCard } from "../components/session-card";
import { SignInCard } from "../components/sign-in-card";
import { changePhoneByAction } from "./account-actions";
import { requestLinkByAction, signInWithOpenIdByAction } from "./actions";

interface Props {
  searchParams: Promise<{ error?: string; code?: string; type?: string }>;
}

export default async function Page({ searchParams }: Props) {
  const [session, trail, { error, code, type }] = await Promise.all([
    auth(),
    readTrail(25),
    searchParams,
  ]);
  const problem = error === undefined ? undefined : problemText(error, code);

  return (
    <Frame
      trail={trail}
      below={
        session?.user ? (
          <AccountCard
            accountPath="/api/account"
            changePhone={changePhoneByAction}
            refundPath="/api/invoices/1001/refund"
          />
        ) : (
          <OtherWays
            failed={problem !== undefined}
            linkSent={type === "email"}
            openId={offers.openId ? signInWithOpenIdByAction : undefined}
            email={offers.email ? requestLinkByAction : undefined}
          />
        )
      }
    >
      {session?.user ? (
        <SessionCard name={session.user.name} email={session.user.email} problem={problem} />
      ) : (
        <SignInCard problem={problem} offered={offers.password} />
      )}
      <LiveRefresh everyMillis={2000} />
    </Frame>
  );
}
