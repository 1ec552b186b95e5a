import { createRequire } from "node:module";
const usearch = createRequire(import.meta.url)("usearch");
const dim=384, n=+process.argv[2]||40000, latent=+process.argv[3]||24;
let s=5; const rnd=()=>{s=(Math.imul(s,1664525)+1013904223)>>>0;return s/2**32;}; const nrm=()=>(rnd()+rnd()+rnd()+rnd()-2)*Math.sqrt(3);
const axes=Float32Array.from({length:latent*dim},nrm);
function make(count){const out=new Float32Array(count*dim);const p=new Float32Array(latent);for(let r=0;r<count;r++){for(let a=0;a<latent;a++)p[a]=nrm();let l=0;for(let d=0;d<dim;d++){let x=0.3*nrm();for(let a=0;a<latent;a++)x+=p[a]*axes[a*dim+d];out[r*dim+d]=x;l+=x*x;}l=Math.sqrt(l);for(let d=0;d<dim;d++)out[r*dim+d]/=l;}return out;}
const data=make(n), Q=200, qs=make(Q);
const truth=[];for(let q=0;q<Q;q++){const sc=new Float32Array(n);const v=qs.subarray(q*dim,(q+1)*dim);for(let r=0;r<n;r++){let x=0;const o=r*dim;for(let d=0;d<dim;d++)x+=data[o+d]*v[d];sc[r]=x;}const t=sc.toSorted()[n-10];const S=new Set();for(let r=0;r<n;r++)if(sc[r]>=t)S.add(r);truth.push(S);}
for(const cfg of (process.argv[4]||"i8:16:128,i8:16:256,i8:32:128,i8:24:200,bf16:16:128").split(",")){const [quant,conn,exp]=cfg.split(":");
const index=new usearch.Index({dimensions:dim,metric:"ip",quantization:quant,multi:false,connectivity:+conn,expansion_add:+exp,expansion_search:16});
let t=process.cpuUsage().user;
for(let i=0;i<n;i+=1000)index.add(BigUint64Array.from({length:1000},(_,k)=>BigInt(i+k)),data.subarray(i*dim,(i+1000)*dim),1);
console.log(cfg,"build cpu",((process.cpuUsage().user-t)/1e6).toFixed(1)+"s");
for(const b of [32,48,64,96,128,160,192,256]){let f=0;const t=process.cpuUsage().user;for(let q=0;q<Q;q++){var r=index.search(qs.subarray(q*dim,(q+1)*dim),b,1);for(const k of r.keys)if(truth[q].has(Number(k)))f++;}
const c=process.cpuUsage().user-t;console.log("  breadth",b,"recall@10",(f/Q/10).toFixed(4),"cpu ms/q",(c/Q/1000).toFixed(3));}
}
