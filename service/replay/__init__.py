"""``newsstand replay``: ranking policies over a log of impressions, in the order of time.

log       articles, clicks and impressions    formats   which log a folder holds
mind      MIND's folders                      ebnerd    EB-NeRD's folders, by way of parquet
run       the pipeline over the log           measures  what one policy is measured by
command   from folders to a report            report    the table, the page, the plot
"""
