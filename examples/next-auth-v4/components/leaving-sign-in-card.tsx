"use client";

import { signIn } from "next-auth/react";
import { SignInCard, type SignInCardProps } from "./sign-in-card";

/** Each way leaves the page: next-auth sends the browser back, with any error in the address. */
export function LeavingSignInCard(props: SignInCardProps) {
  return (
    <SignInCard
      {...props}
      withPassword={withPassword}
      withOpenId={withOpenId}
      askForLink={askForLink}
    />
  );
}

const callbackUrl = "/";

async function withPassword(form: FormData): Promise<void> {
  const [email, password] = [form.get("email"), form.get("password")];
  await signIn("credentials", { email, password, callbackUrl });
}

async function withOpenId(): Promise<void> {
  await signIn("local", { callbackUrl });
}

async function askForLink(form: FormData): Promise<void> {
  await signIn("email", { email: form.get("email"), callbackUrl });
}
