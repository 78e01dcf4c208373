"""Template filters: dates, money and numbers by `shops.speaking`, what rows keep by `shops.sentences`."""

from django import template

from shops import sentences, speaking

register = template.Library()
register.filter("money", speaking.money)
register.filter("day", speaking.day)
register.filter("last_day", speaking.last_day)
register.filter("short_day", speaking.short_day)
register.filter("moment", speaking.moment)
register.filter("second", speaking.second)
register.filter("clock", speaking.clock)
register.filter("number", speaking.number)
register.filter("percent", speaking.percent)
register.filter("points", speaking.points)
register.filter("signed", speaking.signed)
register.filter("in_language", sentences.in_language)
register.filter("state_in_language", sentences.state_in_language)
