import { openUsersDatabase } from "./users-database";

/** What a person tells only because the app needs it. */
export interface Account {
  phone: string;
  paymentCard: string;
}

/** Everybody else may ask for a refund, and not give one. */
const cashier = "alice@example.com";

export function readAccount(email: string): Account {
  const row = table().prepare("SELECT phone FROM phones WHERE email = ?").get(email);
  return {
    phone: String(row?.["phone"] ?? "+1 555 0100"),
    paymentCard: "•••• 4242, expires 12/29",
  };
}

/** @returns what is wrong with the number, if it was not taken */
export function changePhone(email: string, phone: unknown): string | undefined {
  if (typeof phone !== "string" || !/^\+?[\d ]{6,20}$/.test(phone)) {
    return "That is no phone number.";
  }
  table().prepare("INSERT OR REPLACE INTO phones VALUES (?, ?)").run(email, phone);
}

export const mayRefund = (email: string): boolean => email === cashier;

function table() {
  const database = openUsersDatabase();
  database.exec("CREATE TABLE IF NOT EXISTS phones (email TEXT PRIMARY KEY, phone TEXT) STRICT");
  return database;
}
