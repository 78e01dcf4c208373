"""Template filters for dates, money and numbers; `shops.speaking` says how they are written."""

from django import template

from shops import speaking

register = template.Library()
register.filter("money", speaking.money)
register.filter("day", speaking.day)
register.filter("moment", speaking.moment)
register.filter("number", speaking.number)
register.filter("points", speaking.points)
register.filter("signed", speaking.signed)
