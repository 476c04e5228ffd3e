import { AccountCard } from "authlog-example-shared/components/account-card";
import { Frame } from "authlog-example-shared/components/frame";
import { OtherWays } from "authlog-example-shared/components/other-ways";
import { SessionCard } from "authlog-example-shared/components/session-card";
import { SignInCard } from "authlog-example-shared/components/sign-in-card";
import { type Offers, offers } from "authlog-example-shared/lib/offers";
import { useWhileVisible } from "authlog-example-shared/lib/use-while-visible";
import { readTrail, type Trail } from "authlog-example-shared/lib/trail";
import type { GetServerSideProps } from "next";
import Head from "next/head";
import { useRouter } from "next/router";
import { getServerSession, type Session } from "next-auth";
import { signIn, type SignInResponse, signOut, useSession } from "next-auth/react";
import { useCallback, useState } from "react";
import { sessionOptions } from "../auth-options";
import { Routers } from "../components/routers";
import { explain } from "../lib/explain";

interface Props {
  session: Session | null;
  trail: Trail;
  offered: Offers;
}

export const getServerSideProps: GetServerSideProps<Props> = async ({ req, res }) => {
  const [session, trail] = await Promise.all([
    getServerSession(req, res, sessionOptions),
    readTrail(25),
  ]);
  return { props: { session: asJson(session), trail, offered: offers } };
};

export default function Page({ trail, offered }: Props) {
  const { data: session } = useSession();
  const [answer, setAnswer] = useState<SignInResponse>();
  const router = useRouter();
  const refresh = useCallback(() => void router.replace(router.pathname), [router]);
  useWhileVisible(2000, refresh);

  async function withPassword(form: FormData): Promise<void> {
    const [email, password] = [form.get("email"), form.get("password")];
    setAnswer(await signIn("credentials", { email, password, redirect: false }));
  }

  async function askForLink(form: FormData): Promise<void> {
    setAnswer(await signIn("email", { email: form.get("email"), redirect: false }));
  }

  const problem = explain(answer?.error);
  return (
    <Frame
      trail={trail}
      aside={<Routers current="/pages-router" />}
      below={
        session?.user ? (
          <AccountCard accountPath="/api/pages-account" />
        ) : (
          <OtherWays
            failed={problem !== undefined}
            linkSent={answer?.url?.includes("/verify-request") ?? false}
            openId={offered.openId ? withOpenId : undefined}
            email={offered.email ? askForLink : undefined}
          />
        )
      }
    >
      <Head>
        <title>authlog demo</title>
        <link rel="icon" href="/icon.svg" />
      </Head>
      {session?.user ? (
        <SessionCard
          name={session.user.name}
          email={session.user.email}
          problem={undefined}
          ways={waysOut}
        />
      ) : (
        <SignInCard
          problem={problem}
          ways={offered.password ? [{ label: "Sign in", act: withPassword }] : []}
        />
      )}
    </Frame>
  );
}

async function withOpenId(): Promise<void> {
  await signIn("local", { callbackUrl: "/pages-router" });
}

const waysOut = [{ label: "Sign out", act: signOutByHandler }];

async function signOutByHandler(): Promise<void> {
  await signOut({ redirect: false });
}

/** A session's `image` is often undefined, which this router refuses to hand on. */
function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
