"""``newsstand replay``: ranking policies over a log of impressions, in the order of time.

log        articles, clicks and impressions      measures         what one policy is measured by
formats    which log a folder holds              beyond_accuracy  diversity, novelty, coverage
mind       MIND's folders                        report           the table, the page, the plot
ebnerd     EB-NeRD's folders                     run              the pipeline over the log
"""
