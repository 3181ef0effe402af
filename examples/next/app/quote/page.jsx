import { cacheLife, cacheTag } from "next/cache";

export const dynamic = "force-dynamic";

async function quote() {
  "use cache";
  cacheTag("quotes");
  cacheLife("hours");
  return `quote ${crypto.randomUUID()}`;
}

export default async function Page() {
  return (
    <main>
      <p id="quote">{await quote()}</p>
      <p id="request">{`request ${crypto.randomUUID()}`}</p>
    </main>
  );
}
