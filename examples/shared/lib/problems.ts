/** What a person reads after a failed sign-in. Never more than they may know. */
export function problemText(error: string, code?: string): string {
  if (code === "locked") return "This account is locked. Please ask an administrator to open it.";
  switch (error) {
    case "CredentialsSignin":
      return "That e-mail address and password do not belong together. Please try again.";
    case "AccessDenied":
      return "This account has no access here.";
    case "TermsNotAccepted":
      return "Please accept our terms first.";
    case "OAuthAccountNotLinked":
      return "This address already belongs to an account. Sign in as you did before.";
    case "OAuthCallbackError":
    case "Callback":
      return "The provider did not sign you in.";
    case "Verification":
      return "This link was used before, or is too old. Please ask for another one.";
    default:
      return "Something failed on our side. Please try again in a moment.";
  }
}
