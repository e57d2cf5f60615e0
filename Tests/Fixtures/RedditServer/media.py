"""What submissions have beyond a text or an address: pictures, galleries, polls, videos."""

from __future__ import annotations

from urllib.parse import urlsplit

from world import Object, Thing

# Of the pictures that are said to be there; nobody fetches them.
WIDTH, HEIGHT = 1200, 800
OPTIONS = ("yes", "no", "maybe")
DAY = 86400


def domain(url: str, thing: Thing) -> str:
    if thing["form"] in ("self", "poll"):
        return f"self.{thing['subreddit']}"
    return urlsplit(url).netloc


def given_url(name: str, form: str) -> str | None:
    """Where a submission of a form links to that was given no address; `name` is its own."""
    id = name[3:]
    return {"link": f"https://example.com/article/{id}?a=1&b=2", "image": f"https://i.redd.it/{id}0.jpg",
            "gallery": f"https://www.reddit.com/gallery/{id}", "video": f"https://v.redd.it/{id}"}.get(form)


def preview(url: str) -> Object:
    sizes = [{"url": f"{url.replace('i.redd.it', 'preview.redd.it')}?width={width}&auto=webp&s=0", "width": width,
              "height": width * HEIGHT // WIDTH} for width in (108, 320, WIDTH)]
    return {"images": [{"source": sizes[-1], "resolutions": sizes[:-1], "variants": {}, "id": "preview"}],
            "enabled": True}


def fields(thing: Thing) -> Object:
    """What a form of submission adds to the fields that all have."""
    url = thing.get("url") or ""
    is_live = thing["state"] == "live"
    match thing["form"]:
        case "link" | "crosspost":
            return {"post_hint": "link", "url_overridden_by_dest": url}
        case "image":
            return {"post_hint": "image", "url_overridden_by_dest": url, "is_reddit_media_domain": True,
                    "preview": preview(url), "thumbnail": "image"}
        case "gallery":
            return {"is_gallery": True, "url_overridden_by_dest": url, **(gallery(thing) if is_live else {
                "gallery_data": None, "media_metadata": None})}
        case "poll":
            return {"poll_data": poll(thing)}
        case "video":
            video = {"reddit_video": {
                "bitrate_kbps": 2400, "fallback_url": f"{url}/DASH_720.mp4?source=fallback", "has_audio": True,
                "height": 720, "width": 1280, "scrubber_media_url": f"{url}/DASH_96.mp4", "duration": 12,
                "dash_url": f"{url}/DASHPlaylist.mpd", "hls_url": f"{url}/HLSPlaylist.m3u8", "is_gif": False,
                "transcoding_status": "completed"}}
            return {"post_hint": "hosted:video", "is_video": True, "url_overridden_by_dest": url, "media": video,
                    "secure_media": video, "is_reddit_media_domain": True}
    return {}


def gallery(thing: Thing) -> Object:
    ids = [f"{thing['name'][3:]}{number}" for number in range(3)]
    return {
        "gallery_data": {"items": [{"media_id": id, "id": number, "caption": f"picture {number}"}
                                   for number, id in enumerate(ids)]},
        "media_metadata": {id: {
            "status": "valid", "e": "Image", "m": "image/jpg", "id": id,
            "p": [{"y": 72, "x": 108, "u": f"https://preview.redd.it/{id}.jpg?width=108&format=pjpg&s=0"}],
            "s": {"y": HEIGHT, "x": WIDTH, "u": f"https://preview.redd.it/{id}.jpg?width={WIDTH}&format=pjpg&s=0"}}
            for id in ids}}


def poll(thing: Thing) -> Object:
    return {"prediction_status": None, "total_stake_amount": None,
            "voting_end_timestamp": (thing["created"] + DAY) * 1000,
            "options": [{"text": text, "id": str(number)} for number, text in enumerate(OPTIONS)],
            "vote_updates_remained": None, "is_prediction": False, "resolved_option_id": None, "user_won_amount": None,
            "user_selection": None, "total_vote_count": 7, "tournament_id": None}
