/** Where sessions are kept. */
export const sessionStrategy = process.env["SESSION_STRATEGY"] === "database" ? "database" : "jwt";

/** Which ways to sign in an app offers. */
export interface Offers {
  password: boolean;
  openId: boolean;
  email: boolean;
}

/** What an app was not told of is not there. */
export const offers: Offers = {
  // NextAuth gives no session in a database to those who come with a password.
  password: sessionStrategy === "jwt",
  openId: process.env["AUTH_LOCAL_ISSUER"] !== undefined,
  email: process.env["EMAIL_SERVER"] !== undefined,
};
