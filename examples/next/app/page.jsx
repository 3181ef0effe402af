import { unstable_cache } from "next/cache";

export const revalidate = 3600;

/** Takes its time; the tag is that of the page, too. */
const news = unstable_cache(async () => `news ${crypto.randomUUID()}`, ["news"], { tags: ["news"] });

export default async function Page() {
  return (
    <main>
      <p id="news">{await news()}</p>
      <p id="page">{`page ${crypto.randomUUID()}`}</p>
    </main>
  );
}
