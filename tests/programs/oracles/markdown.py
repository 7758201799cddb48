"""What programs/markdown.tova prints, written down by hand from the rules of Markdown."""

print(
    """<h1>The <em>lathe</em></h1>
<p>A lathe <strong>turns</strong> a piece of work, and the <em>tool</em> takes away what is <code>a &lt; b</code> too much. \
See <a href="https://example.org/a?b=1&amp;c=2">the manual</a> &amp; more.</p>
<h2>Parts</h2>
<ul>
  <li>headstock</li>
  <li>bed with <strong>two</strong> rails</li>
  <li>tailstock</li>
</ul>
<ol>
  <li>clamp</li>
  <li>turn</li>
  <li>polish</li>
</ol>
<blockquote>measure twice cut once</blockquote>
<hr>
<pre><code class="tova">fn main() &lt; &amp; &gt;
  print(1)</code></pre>
<pre><code>plain</code></pre>
<p>####### seven is no heading 2 <em> 3 </em> 4 and a lone * here</p>
10 blocks, headings 1:The *lathe*, 2:Parts"""
)
