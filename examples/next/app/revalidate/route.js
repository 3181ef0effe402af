import { revalidateTag } from "next/cache";

/** `?tag=news`: what has the tag is made anew, at all instances. With `&later`, it is served once more meanwhile. */
export async function POST(request) {
  const { searchParams } = new URL(request.url);
  const tag = searchParams.get("tag");
  if (!tag) return Response.json({ error: "which tag?" }, { status: 400 });
  revalidateTag(tag, searchParams.has("later") ? "max" : { expire: 0 });
  return Response.json({ revalidated: tag });
}
