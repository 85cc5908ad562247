"""Who is signed in through this machine: the server's cookies stay here, the browser holds a name for them."""

import secrets
from collections import OrderedDict
from http.cookies import SimpleCookie

import aiohttp
from aiohttp import web
from yarl import URL

VISITORS_MAX = 32
COOKIES_MAX = 8
COOKIE_CHARACTERS_MAX = 4096


class Visitors:
    """A jar of the server's cookies for each browser that has signed in, bounded, and gone when the program ends.

    Browsers send a cookie to every port of a host. What they hold of ours is therefore worthless anywhere else, differs each time
    that the program starts, and another program on this machine that is sent it learns nothing of the server's sign-in.
    """

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie
        self._jars: OrderedDict[str, aiohttp.CookieJar] = OrderedDict()

    def cookies_for(self, request: web.Request, url: URL) -> dict[str, str]:
        """The cookies to send to the server for this browser."""
        jar = self._jars.get(request.cookies.get(self._cookie, ""))
        return {name: morsel.value for name, morsel in jar.filter_cookies(url).items()} if jar else {}

    def keep(self, request: web.Request, response: web.StreamResponse, cookies: SimpleCookie, url: URL) -> None:
        """Keep what the server set, and give the browser a new name for it."""
        if not cookies or len(cookies) > COOKIES_MAX or len(cookies.output()) > COOKIE_CHARACTERS_MAX:
            return
        jar = self._jars.pop(request.cookies.get(self._cookie, ""), None) or aiohttp.CookieJar(unsafe=True)
        jar.update_cookies(cookies, url)
        if not len(jar) or len(jar) > COOKIES_MAX:
            response.del_cookie(self._cookie, path="/")
            return
        name = secrets.token_urlsafe(32)
        self._jars[name] = jar
        if len(self._jars) > VISITORS_MAX:
            self._jars.popitem(last=False)
        response.set_cookie(self._cookie, name, httponly=True, samesite="Strict", path="/")
